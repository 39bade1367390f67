"""Judge files of any size: parts in bounded memory, resumed after any end, none left out."""

"""What is handed over on paper or screen: the map, the page and the letter of one verdict."""

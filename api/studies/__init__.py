"""Planning studies as people ask for them: frames joined from every package, told as a report."""

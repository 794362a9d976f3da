SELECT account, title, year FROM films ORDER BY year;

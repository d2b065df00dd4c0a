"""The embedded survey: recipe, geology, salt, cutting."""

"""The linear generator, fitted in closed form: ridge regression onto eigenfaces."""

"""Every page in every state that a person can meet it in, from rows alone: no worker, no
broker. One walk through it serves pictures, accessibility and hostile words."""

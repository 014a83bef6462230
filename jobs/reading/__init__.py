"""What the doors show, read through what a person may see: chosen jobs, lines of logs, the
last runs of a task, the words for verbs. It only asks."""

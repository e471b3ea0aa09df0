"""Leading a user through a playbook's questions, and what is recommended from the answers."""

"""Is the door shut, and are we listed? By asking the server and the lists themselves.

The only room that uses the network, and only for a command whose name says so.
"""

"""How good is it, measured?"""

"""The demonstration: a small country, a real gateway, agencies that use it, and the proof of what they saw.

It plays over the public contract only, except where it makes the country and picks the people of the story.
"""

"""
A shop that is always open: plays the users of a few made-up tenants, and has five weeks of them behind it.

What happened and what will happen is one story, a pure function of a seed and the day on which it was first told
(`world`, `rhythm`, `people`, `arrivals`, `visits`): `history` tells the part that is over, to be imported, and
`schedule` goes on with it, event by event, when its time comes.
"""

"""
What people save of analytics: cohorts, reports and boards, of each environment; and the boards that come with Mirante.

All three are kept alike: an id, a name that is unique among its kind, and a message; a change names the revision that
it was made from.
"""

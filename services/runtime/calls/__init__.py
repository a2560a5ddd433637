"""
What happens around every call of our services; `policy` holds the pieces, `intercepted` puts them around handlers.

The order, outermost first: trace and measure, turn errors into statuses, bound the work, authenticate, check the role,
charge the quota.
"""

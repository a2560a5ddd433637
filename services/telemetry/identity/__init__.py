"""Who is who: traits of users and tenants, and which anonymous ids belong to which user."""

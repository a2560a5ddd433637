"""What people may ask for under the LGPD: to see what is held about them, and to have it erased."""

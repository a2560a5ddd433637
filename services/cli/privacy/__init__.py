"""`mirante privacy`: what people may ask for under the LGPD."""

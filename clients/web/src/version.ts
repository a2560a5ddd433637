/** Of this library; events carry it. */
export const VERSION = "0.1.0";

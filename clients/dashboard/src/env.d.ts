/** The address of a dictionary as a file of data; see texts.plugin.ts. */
declare module "*?texts" {
  const address: string;
  export default address;
}

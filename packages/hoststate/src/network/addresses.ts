/** An IP address on a link. */
export interface Address {
  readonly link: string;
  /** Address and prefix length in canonical text: `10.1.0.2/24`. */
  readonly address: string;
}

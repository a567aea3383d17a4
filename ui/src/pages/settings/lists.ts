/** What is read again after somebody or something was let in or thrown out. */
export const USERS = ["/api/v1/users"];
export const TOKENS = ["/api/v1/tokens"];

/** A link with which somebody enters once. */
export interface Link {
  readonly user: string;
  readonly link: string;
}

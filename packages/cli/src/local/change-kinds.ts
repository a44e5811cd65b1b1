/** Of a URL from one output to another. Apart from what finds them, for the help text needs no more. */
export const CHANGE_KINDS = ['new', 'gone', 'risen', 'fallen'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

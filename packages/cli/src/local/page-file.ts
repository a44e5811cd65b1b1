/** The page in an output directory. */
export const PAGE = 'report.html';

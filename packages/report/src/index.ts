export { CountHistogram } from './count-histogram';
export { contentSecurityPolicy, renderPage } from './page';
export type { Inputs, PartitionSize, Report, ReportedUrl, Tasks, Verdict } from './report';
export { renderSections } from './sections';

/** How severities of findings are shown. */
import { DiagnosticSeverity } from 'vscode';

export const FINDING_SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
} as const;

/** The list's columns: their names and what they mean. */
import type { SortColumn } from '../savedState.js';

export interface ListColumn {
  readonly id: SortColumn;
  readonly label: string;
  readonly title: string;
}

export const listColumns: readonly ListColumn[] = [
  { id: 'index', label: '#', title: 'Packet, in the order of the save' },
  { id: 'kind', label: 'Kind', title: "The packet's completion routine" },
  { id: 'state', label: 'State', title: 'Queued, or taken by the guest and in flight' },
  { id: 'needed', label: 'Buffer', title: 'Buffer given, bytes written in it, and BytesNeeded of the query' },
  { id: 'bytes', label: 'Bytes', title: 'Bytes of VSP state: what is saved of this packet' },
  { id: 'status', label: 'Save', title: "The save callback's status" },
  { id: 'restore', label: 'Restore', title: "The restore callback's status" },
  { id: 'findings', label: 'Findings', title: 'Rules that this packet broke' },
];

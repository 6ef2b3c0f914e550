/** The cells of one line of the field table. */
import { plural } from '../format.js';
import { Icon } from '../icons.js';
import { type ByteModel, paddingText } from './byteModel.js';
import { decodeField } from './decode.js';
import type { FieldRow } from './fieldRows.js';
import type { FieldNode, GroupNode, LeafNode } from './fieldTree.js';

export function Head() {
  return (
    <>
      <span role="columnheader" class="offset">
        Byte
      </span>
      <span role="columnheader">Field</span>
      <span role="columnheader">Type</span>
      <span role="columnheader">Value</span>
    </>
  );
}

export function Cells({ model, row }: { readonly model: ByteModel; readonly row: FieldRow }) {
  if (row.kind === 'unsaved') {
    return (
      <>
        <span role="gridcell" class="offset" />
        <span role="gridcell" class="wide">
          {`${plural(row.fields, 'field')} not saved: the record is ${plural(row.bytes, 'byte')} longer`}
        </span>
      </>
    );
  }
  if (row.kind === 'tail') {
    return (
      <>
        <Offset start={row.start} />
        <span role="gridcell" class="wide">
          {`Tail: ${plural(row.end - row.start, 'byte')} beyond ${model.map?.layout.name ?? 'the record'}`}
        </span>
      </>
    );
  }
  return (
    <>
      <Offset start={row.node.start} />
      <Name row={row} />
      {row.kind === 'group' ? <GroupCells node={row.node} /> : <LeafCells model={model} node={row.node} />}
    </>
  );
}

const Offset = ({ start }: { readonly start: number }) => (
  <span role="gridcell" class="offset">
    {start}
  </span>
);

function Name({ row }: { readonly row: Extract<FieldRow, { readonly node: FieldNode }> }) {
  const { node } = row;
  const padding = node.kind === 'leaf' && node.field.format === 'padding';
  return (
    <span
      role="gridcell"
      class="name"
      title={padding ? paddingText(node) : node.kind === 'leaf' ? node.field.name : node.path}
    >
      {Array.from({ length: node.depth }, (_, level) => (
        <span key={level} class="indent" />
      ))}
      <span class="fold">
        {row.kind === 'group' ? <Icon name={row.open ? 'chevron-down' : 'chevron-right'} /> : null}
      </span>
      {padding ? 'padding' : node.label}
    </span>
  );
}

function GroupCells({ node }: { readonly node: GroupNode }) {
  const type = groupType(node);
  return (
    <>
      <span role="gridcell" class="type dim">
        {type}
      </span>
      <span role="gridcell" class="value dim">
        {plural(node.end - node.start, 'byte')}
      </span>
    </>
  );
}

function groupType({ array, overlapping, children }: GroupNode): string {
  if (array) return plural(children.length, 'element');
  if (!overlapping) return 'struct';
  return children.every((child) => child.kind === 'leaf' && child.field.bits !== undefined) ? 'bit-fields' : 'union';
}

function LeafCells({ model, node }: { readonly model: ByteModel; readonly node: LeafNode }) {
  const { field } = node;
  const { text, hex, letters, cut } = decodeField(field, model.bytes);
  const never = model.provenance.neverWrittenIn(node.start, Math.min(node.end, model.bytes.length));
  return (
    <>
      <span role="gridcell" class="type" title={typeText(field)}>
        {typeText(field)}
      </span>
      <span role="gridcell" class="value" title={hex === undefined ? text : `${text}  ${hex}`}>
        {field.format === 'pointer' && text !== 'NULL' ? <Flag kind="pointer" text="pointer" /> : null}
        {never > 0 ? <Flag kind="never" text={neverText(never, field.size)} /> : null}
        <span class="text">{text}</span>
        {hex === undefined ? null : <span class="number">{hex}</span>}
        {letters === undefined ? null : <span class="number">{`"${letters}"`}</span>}
        {cut && text !== 'not saved' ? <Flag kind="cut" text="cut off" /> : null}
      </span>
    </>
  );
}

const typeText = ({ type, bits, format, size }: LeafNode['field']): string =>
  format === 'padding' ? plural(size, 'byte') : bits === undefined ? type : `${type} : ${bits.width}`;

const neverText = (never: number, size: number): string =>
  never === size ? 'never written' : `${plural(never, 'byte')} never written`;

const Flag = ({ kind, text }: { readonly kind: string; readonly text: string }) => (
  <span class={`flag flag-${kind}`}>{text}</span>
);

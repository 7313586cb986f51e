import { textOf, titleOf } from '@bulkhead/client';
import { Alert, Button, Code, Group, Mark, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { api, type QuarantinedLine, readOnce, refresh } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { useAction } from '../parts/buttons.tsx';
import { DetailList } from '../parts/detail-list.tsx';
import { notify } from '../parts/dialogs.ts';
import { formatBytes, formatCount } from '../parts/format.ts';
import { Problem, QueryResult } from '../parts/page.tsx';
import { type JoinedLine, repetitionText } from './join-lines.ts';
import { jsonFault } from './json-fault.ts';
import { canReplayUnchanged } from './replayable.ts';

/** The position and the reason of a line or an entry. Operators also see its content and can store it again, unchanged or corrected. */
export function LineModal({ line, onClose }: { readonly line: JoinedLine; readonly onClose: () => void }) {
  const { isOperator } = useSession();
  const { reason, replay, repetitions } = line;
  return (
    <Modal opened onClose={onClose} title={`${placeOf(line)}: ${titleOf('quarantine', reason)}`} size="xl">
      <Stack>
        <DetailList
          facts={{
            ...detailsOf(line),
            Size: formatBytes(line.sizeBytes),
            Corrected: line.isCorrected ? 'yes' : '',
            Repeated: repetitionText(repetitions.length),
          }}
        />
        <Text size="sm">{textOf('quarantine', { code: reason, message: '' })}</Text>
        {line.isTruncated && (
          <Alert color="yellow" title="The line is not complete">
            {formatBytes(line.keptBytes)} of the line were kept. Enter the whole line to store it, or start a new
            export.
          </Alert>
        )}
        {replay?.reason && (
          <Alert color="yellow" title="The last replay">
            The line is still not usable. {titleOf('quarantine', replay.reason)}.
          </Alert>
        )}
        {isOperator ? (
          <LineEditor line={line} onDone={onClose} />
        ) : (
          <Text size="sm">Only operators can see the content.</Text>
        )}
      </Stack>
    </Modal>
  );
}

function detailsOf({ source, runId, fileId, stepId, offset, resourceType }: QuarantinedLine) {
  if (source === 'sync') return { Type: resourceType, 'Sync run': runId, Step: stepId };
  return { Type: resourceType, Export: runId, File: fileId, 'Starts at byte': offset };
}

interface LineEditorProps {
  readonly line: QuarantinedLine;
  readonly onDone: () => void;
}

function LineEditor({ line, onDone }: LineEditorProps) {
  const init = { params: { path: { id: line.id } }, parseAs: 'text' as const };
  // Each read is an audit event, and a second read would overwrite an edit.
  const content = api.useQuery('get', '/api/ehr/quarantine/{id}/line', init, readOnce);
  return (
    <QueryResult query={content}>
      {(text) => <Editor line={line} received={String(text)} onDone={onDone} />}
    </QueryResult>
  );
}

function Editor({ line, received, onDone }: LineEditorProps & { readonly received: string }) {
  const { id, reason } = line;
  const [text, setText] = useState(received);
  const replay = api.useMutation('post', '/api/ehr/quarantine/{id}/replay', {
    onSuccess: async ({ data: { state, replay: outcome } }) => {
      await refresh('/api/ehr/quarantine');
      if (state === 'open')
        throw new Error(`The line is still not usable. ${titleOf('quarantine', outcome?.reason ?? reason)}.`);
      notify.done(
        state === 'withheld' ? 'The line is of an erased patient and was not stored.' : 'The line is stored.',
      );
      onDone();
    },
  });
  const dismiss = useAction('post', '/api/ehr/quarantine/dismiss', {
    onSuccess: async () => {
      await refresh('/api/ehr/quarantine', '/api/ehr/quarantine/groups');
      notify.done('The line is dismissed.');
      onDone();
    },
  });
  const params = { path: { id } };
  // Send the text itself, because parsing would lose the original text of its numbers.
  const corrected = { body: text, bodySerializer: String, headers: { 'content-type': 'application/fhir+json' } };
  return (
    <>
      <BrokenPlace text={text} />
      <Textarea
        label="The line"
        autosize
        minRows={4}
        maxRows={20}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
      {replay.error !== null && <Problem error={replay.error} />}
      <Group justify="end">
        {line.state === 'open' && (
          <Button variant="default" loading={dismiss.isPending} onClick={() => dismiss.mutate({ body: { id } })}>
            Dismiss
          </Button>
        )}
        {canReplayUnchanged(line) && (
          <Button
            variant="default"
            loading={replay.isPending}
            disabled={text !== received}
            onClick={() => replay.mutate({ params })}
          >
            Replay unchanged
          </Button>
        )}
        <Button
          loading={replay.isPending}
          disabled={text === received}
          onClick={() => replay.mutate({ params, ...corrected })}
        >
          Replay corrected
        </Button>
      </Group>
    </>
  );
}

/** Where and why the text stops to be JSON, while it is edited. */
function BrokenPlace({ text }: { readonly text: string }) {
  const fault = jsonFault(text);
  if (!fault) return null;
  const { before, at, after, position } = fault;
  return (
    <Alert color="red" title={`The JSON breaks at character ${formatCount(position)}`}>
      <Text size="sm" mb="xs">
        {fault.text}
      </Text>
      <Code block style={{ whiteSpace: 'pre-wrap' }}>
        {before}
        <Mark color="red">{at === '' ? '(end of the line)' : at}</Mark>
        {after}
      </Code>
    </Alert>
  );
}

/** The line of a file, or the page and the entry of a search, counted from 1. */
export function placeOf({ source, line, offset }: QuarantinedLine): string {
  if (source !== 'sync') return `Line ${formatCount(line)}`;
  return `Page ${formatCount(line)}, entry ${formatCount(offset + 1)}`;
}

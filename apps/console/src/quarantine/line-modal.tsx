import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/api.ts';
import type { QuarantinedLine } from '../api/records.ts';
import { Facts } from '../parts/facts.tsx';
import { formatBytes } from '../parts/format-bytes.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { Problem } from '../parts/problem.tsx';
import { tell } from '../parts/tell.ts';
import { useSession } from '../session/session-provider.tsx';
import { placeOf } from './place-of.ts';
import { replayLine } from './replay-line.ts';

interface LineModalProps {
  readonly line: QuarantinedLine;
  readonly onClose: () => void;
}

/** The place and the reason of a line or an entry; for operators its content, to be stored again as it is or corrected. */
export function LineModal({ line, onClose }: LineModalProps) {
  const { isOperator } = useSession();
  const { reason, replay } = line;
  return (
    <Modal opened onClose={onClose} title={`${placeOf(line)}: ${reason}`} size="xl">
      <Stack>
        <Facts
          facts={{
            ...factsOf(line),
            Size: formatBytes(line.sizeBytes),
            Corrected: line.isCorrected ? 'yes' : '',
          }}
        />
        {line.isTruncated && (
          <Alert color="yellow" title="The line is not complete">
            {formatBytes(line.keptBytes)} of it were kept. Enter the whole line to store it, or start a new export.
          </Alert>
        )}
        {replay?.reason && (
          <Alert color="yellow" title="The last replay">
            It is still no usable line: {replay.reason}
          </Alert>
        )}
        {isOperator ? (
          <LineEditor line={line} onDone={onClose} />
        ) : (
          <Text size="sm">What it holds is for operators to see.</Text>
        )}
      </Stack>
    </Modal>
  );
}

function factsOf({ source, exportId, fileId, stepId, offset }: QuarantinedLine) {
  if (source === 'sync') return { 'Sync run': exportId, Step: stepId };
  return { Export: exportId, File: fileId, 'Starts at byte': offset };
}

function LineEditor({ line, onDone }: { readonly line: QuarantinedLine; readonly onDone: () => void }) {
  const { id, isTruncated } = line;
  const init = { params: { path: { id } }, parseAs: 'text' as const };
  // Once: each look stands in the audit log, and an edit must not be overwritten by the next look.
  const once = { refetchInterval: false, refetchOnWindowFocus: false, staleTime: Number.POSITIVE_INFINITY } as const;
  const found = api.useQuery('get', '/api/ehr/quarantine/{id}/line', init, once);
  return (
    <LookedUp query={found}>
      {(text) => <Editor id={id} received={String(text)} isTruncated={isTruncated} onDone={onDone} />}
    </LookedUp>
  );
}

function Editor({
  id,
  received,
  isTruncated,
  onDone,
}: {
  readonly id: string;
  readonly received: string;
  readonly isTruncated: boolean;
  readonly onDone: () => void;
}) {
  const queries = useQueryClient();
  const [text, setText] = useState(received);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const replay = async (corrected: string | undefined) => {
    setBusy(true);
    setError(undefined);
    try {
      const { state, replay: outcome } = await replayLine({ id, corrected });
      await queries.invalidateQueries({ queryKey: ['get', '/api/ehr/quarantine'] });
      if (state === 'open') throw new Error(`It is still no usable line: ${outcome?.reason ?? 'no reason given'}`);
      tell.done(state === 'withheld' ? 'The line is of an erased patient and was not stored.' : 'The line is stored.');
      onDone();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Textarea
        label="The line"
        autosize
        minRows={4}
        maxRows={20}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
      {error !== undefined && <Problem error={error} />}
      <Group justify="end">
        <Button
          variant="default"
          loading={isBusy}
          disabled={isTruncated || text !== received}
          onClick={() => void replay(undefined)}
        >
          Replay as it is
        </Button>
        <Button loading={isBusy} disabled={text === received} onClick={() => void replay(text)}>
          Replay corrected
        </Button>
      </Group>
    </>
  );
}

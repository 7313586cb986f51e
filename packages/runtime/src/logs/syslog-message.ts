/** A line for a syslog server. */
export interface SyslogLine {
  readonly at: Date;
  /** What kind of message it is: MSGID. */
  readonly kind: string;
  /** Something that somebody should look at. */
  readonly isWarning: boolean;
  readonly text: string;
}

/** RFC 5424, 6.2.1: security and authorization messages, as IHE's ATNA sends audit messages. */
const facility = 10;
const severities = { warning: 4, notice: 5 };

/**
 * A message by RFC 5424. The text is written in ASCII, with JSON's escapes, so that no byte order mark has to precede it, which many
 * receivers would take for a part of the JSON.
 */
export function syslogMessage(options: {
  readonly line: SyslogLine;
  readonly hostName: string;
  readonly appName: string;
  readonly processId: number;
}): Buffer {
  const { line, hostName, appName, processId } = options;
  const priority = facility * 8 + (line.isWarning ? severities.warning : severities.notice);
  const header = [
    `<${priority}>1`,
    line.at.toISOString(),
    headerField(hostName, 255),
    headerField(appName, 48),
    headerField(String(processId), 128),
    headerField(line.kind, 32),
    '-',
  ];
  return Buffer.from(`${header.join(' ')} ${toAscii(line.text)}`, 'latin1');
}

/** RFC 6587, 3.4.1, and RFC 5425, 4.3: the number of bytes before each message. */
export function octetCounted(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** PRINTUSASCII, or the nil value. */
function headerField(value: string, maxLength: number): string {
  return value.replaceAll(/[^!-~]/g, '').slice(0, maxLength) || '-';
}

function toAscii(json: string): string {
  return json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

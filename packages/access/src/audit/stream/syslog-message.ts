/** A line for a syslog server. */
export interface SyslogLine {
  readonly at: Date;
  /** The kind of message (MSGID). */
  readonly kind: string;
  /** An operator should look at this line. */
  readonly isWarning: boolean;
  readonly text: string;
}

/** Security and authorization messages (RFC 5424, section 6.2.1). IHE's ATNA sends audit messages with the same facility. */
const facility = 10;
const severities = { warning: 4, notice: 5 };

/**
 * Formats a message by RFC 5424. The text is ASCII with JSON escapes. Other text would need a byte order mark before it, which many
 * receivers take for a part of the JSON.
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

/** Puts the number of bytes before a message (RFC 6587, section 3.4.1, and RFC 5425, section 4.3). */
export function octetCounted(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** Keeps only PRINTUSASCII. An empty value becomes the nil value. */
function headerField(value: string, maxLength: number): string {
  return value.replaceAll(/[^!-~]/g, '').slice(0, maxLength) || '-';
}

function toAscii(json: string): string {
  return json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A naive model of a server channel (kmcl-facts 4.2, 4.3, 5.1): no rings, no records, a few lists. Letters are those of channelScript.ts. */

interface Outgoing {
  readonly number: number;
  readonly wait: boolean;
  /** Where it is: with the library, in the ring, or answered by the guest while nobody listens. */
  place: 'queued' | 'ring' | 'answered';
}

export class ChannelModel {
  readonly callbacks: string[] = [];
  /** One line per letter, as the interpreter prints it. */
  readonly lines: string[] = [];
  /** Rules broken, in order. */
  readonly breaches: string[] = [];
  #enabled = false;
  #open = false;
  #started = false;
  /** From Suspend until Closed or the next Started. */
  #suspended = false;
  #openedFails = false;
  /** Opened has succeeded, in the channel's life. */
  #openedBefore = false;
  #holds = false;
  /** Packets of the guest that wait in the ring. */
  #waiting = 0;
  #held = 0;
  #outgoing: Outgoing[] = [];
  #sent = 0;
  /** Start was called since Enable. */
  #everStarted = false;
  #completed: string[] = [];

  /** Letters that make sense now: others would hang or break a rule. */
  allows(letter: string): boolean {
    const active = this.#open && this.#started;
    switch (letter) {
      case 'P':
      case 'D':
      case 'c':
        return !(active && this.#held > 0);
      case 'S':
        return this.#enabled;
      case 's':
        return this.#open;
      case 'p':
      case 't':
        return !this.#suspended;
      default:
        return true;
    }
  }

  apply(letter: string): void {
    const answer = this.#act(letter);
    const completed = this.#completed.splice(0).join('');
    this.lines.push(`${letter}${answer} ${this.#outgoing.length} ${this.#held} [${completed}]`);
  }

  #act(letter: string): string {
    switch (letter) {
      case 'e':
        return this.#enable();
      case 'D':
        this.#disable();
        return '';
      case 'S':
        this.#start();
        return '';
      case 'P':
        this.#pause();
        return '';
      case 'o':
        return this.#guestOpens();
      case 'c':
        this.#guestCloses();
        return '';
      case 'f':
      case 'F':
        this.#openedFails = letter === 'f';
        return '';
      case 's':
        this.#waiting++;
        this.#listen();
        return '';
      case 'h':
      case 'H':
        this.#holds = letter === 'h';
        return '';
      case 'k':
        this.#held = 0;
        return '';
      case 'p':
      case 't':
        this.#send(letter === 't');
        return '';
      case 'a':
        this.#guestAnswers();
        return '';
      default:
        throw new Error(`no such letter: ${letter}`);
    }
  }

  #enable(): string {
    if (this.#enabled) {
      return '-';
    }
    this.#enabled = true;
    this.#started = false;
    this.#everStarted = false;
    return '+';
  }

  #disable(): void {
    if (!this.#enabled) {
      return;
    }
    if (this.#open) {
      if (!this.#everStarted && this.#waiting > 0) this.breaches.push('state-server-start');
      this.#close();
    } else {
      this.#cancel();
    }
    this.#enabled = false;
    this.#started = false;
  }

  #start(): void {
    this.#everStarted = true;
    if (this.#started) {
      return;
    }
    this.#started = true;
    if (this.#open) {
      this.#run();
    }
  }

  #pause(): void {
    if (this.#enabled && this.#open && this.#started) {
      this.callbacks.push('Suspend');
      this.#suspended = true;
    }
    if (this.#enabled) {
      this.#started = false;
    }
  }

  #guestOpens(): string {
    if (!this.#enabled || this.#open) {
      return '-';
    }
    this.callbacks.push('Opened');
    if (this.#openedFails) {
      if (this.#openedBefore) this.breaches.push('state-reopen');
      return '-';
    }
    this.#open = true;
    this.#openedBefore = true;
    if (this.#started) {
      this.#run();
    }
    return '+';
  }

  #guestCloses(): void {
    if (this.#open) {
      this.#close();
    }
  }

  /** Started, PostStarted, then what waits (A-07=after). */
  #run(): void {
    this.callbacks.push('Started', 'PostStarted');
    this.#suspended = false;
    this.#listen();
  }

  #close(): void {
    if (this.#started) {
      this.callbacks.push('Suspend');
    }
    this.#cancel();
    this.callbacks.push('Closed');
    this.#open = false;
    this.#suspended = false;
    this.#waiting = 0;
  }

  #cancel(): void {
    for (const packet of this.#outgoing.splice(0)) {
      this.#complete(packet, 'x');
    }
  }

  #send(wait: boolean): void {
    this.#outgoing.push({ number: this.#sent++, wait, place: 'queued' });
    this.#transmit();
  }

  #guestAnswers(): void {
    for (const packet of this.#outgoing) {
      if (packet.place === 'ring') {
        packet.place = 'answered';
      }
    }
    this.#listen();
  }

  /** The queue runs: everything in the ring from the guest is taken, what waits to go is sent. */
  #listen(): void {
    if (!this.#open || !this.#started) {
      return;
    }
    for (; this.#waiting > 0; this.#waiting--) {
      this.callbacks.push('ProcessPacket');
      this.#held += this.#holds ? 1 : 0;
    }
    const answered = this.#outgoing.filter((packet) => packet.place === 'answered');
    this.#outgoing = this.#outgoing.filter((packet) => packet.place !== 'answered');
    for (const packet of answered) {
      this.#complete(packet, '.');
    }
    this.#transmit();
  }

  #transmit(): void {
    if (!this.#open || !this.#started) {
      return;
    }
    for (const packet of this.#outgoing.filter((candidate) => candidate.place === 'queued')) {
      packet.place = 'ring';
      if (!packet.wait) {
        this.#outgoing = this.#outgoing.filter((candidate) => candidate !== packet);
        this.#complete(packet, '.');
      }
    }
  }

  #complete(packet: Outgoing, how: string): void {
    this.callbacks.push('CompletionRoutine');
    this.#completed.push(`${packet.number}${how}`);
  }
}

export interface Modelled {
  readonly letters: string;
  readonly lines: readonly string[];
  readonly callbacks: readonly string[];
  /** Breaches of state-server-start, the final Disable included. */
  readonly breaches: readonly string[];
}

/** The script without the letters that make no sense where they stand, and what the model says of the rest. */
export function modelled(letters: string): Modelled {
  const model = new ChannelModel();
  let kept = '';
  for (const letter of letters) {
    if (model.allows(letter)) {
      model.apply(letter);
      kept += letter;
    }
  }
  const trace = { lines: [...model.lines], callbacks: [...model.callbacks] };
  model.apply('k');
  model.apply('D');
  return { letters: kept, ...trace, breaches: model.breaches };
}

//! Text to statements; the parser's types stop at this door.

/*
 * The bytes between the SIP stack and the socket.
 *
 * The stack builds the ACK to a non-2xx by itself and rightly, so a fault in it can be made only on
 * the bytes. wire.c therefore defines sendmsg(), recvmsg() and sendto() in place of the C
 * library's: Sofia's UDP transport calls them. A healthy phone's SIP passes unchanged.
 */
#ifndef RP_WIRE_H
#define RP_WIRE_H

/* Says which of the wire's mutants are wanted (bits of enum rp_mutant). Call before nua_create. */
void rp_wire_set(unsigned mutants);

#endif

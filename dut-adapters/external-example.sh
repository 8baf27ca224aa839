#!/bin/sh
# Drives the reference phone for offhook: reads what offhook wants from standard input, one JSON object a
# line, and answers on standard output. A program for another phone differs in `start` and in the table of
# `tell`. offhook puts no spaces between names and values, and each message is one line; whatever a text
# holds, it stays as JSON has it, so that it is never a word of this shell.

# text NAME: the string of that name in $line, as JSON has it, without its quotes. number NAME likewise.
text()
{
    printf '%s\n' "$line" | sed -n 's/.*"'"$1"'":"\(\([^"\\]\|\\.\)*\)".*/\1/p'
}
number()
{
    printf '%s\n' "$line" | sed -n 's/.*"'"$1"'":\([0-9]*\).*/\1/p'
}

# part NAME: what stands in the braces of that name.
part()
{
    printf '%s\n' "$line" | sed -n 's/.*"'"$1"'":{\([^}]*\)}.*/\1/p'
}

# tell: what offhook says, to the phone in the phone's own words.
tell()
{
    while IFS= read -r line; do
        id=$(number id) verb=$(text "do")
        case $verb in
        dial | transfer) more=',"to":"'$(text uri)'"' ;;
        dtmf) more=',"keys":"'$(text digits)'"' ;;
        *) more= ;;
        esac
        case $verb in
        register | unregister | dial | answer | reject | hangup | hold | resume | transfer | dtmf | mute | unmute | state)
            printf '{"id":%s,"command":"%s"%s}\n' "$id" "$verb" "$more" ;;
        stop) printf '{"id":%s,"command":"quit"}\n' "$id" ;;
        *) printf '{"id":%s,"unsupported":true,"why":"no %s here"}\n' "$id" "$verb" >&4 ;;
        esac
    done
}

# say: what the phone says, to offhook. Its answers have "ok" as offhook wants it, and "error" for "why".
say()
{
    while IFS= read -r line; do
        case $line in
        '{"event":"ready"'*) line='{"id":'$started',"ok":true}' ;;
        *'"calls":[{'*) line=${line%%'"ok":true'*}'"ok":false,"why":"a call stands"'${line#*'"ok":true'} ;;
        *'"ok":false,"error":'*) line=${line%%'"error":'*}'"why":'${line#*'"error":'} ;;
        esac
        printf '%s\n' "$line" >&4
    done
}

IFS= read -r line || exit 1
started=$(number id) all=$line
[ "$(text "do")" = start ] || exit 1
programs=$(text programs) transport=$(text transport) user=$(text user) mutant=$(text mutant)
line=$(part phone) phone_address=$(text address) phone_port=$(number port)
line=$all line=$(part server) server_address=$(text address) server_port=$(number port)
line=$all line=$(part rtp) rtp_port=$(number port)
case $phone_address in
*:*) echo 'this example knows no IPv6' >&2 && exit 127 ;; # unsupported: scenarios are skipped
esac

exec 3<&0 4>&1
mkfifo to-phone from-phone
tell <&3 >to-phone &
say <from-phone &
# The phone takes the place of this shell, so that offhook sees how it ends.
exec "$programs/offhook-reference-phone" --listen "$phone_address:$phone_port" --transport "$transport" \
    --account "sip:$user@$server_address:$server_port" --rtp-port "$rtp_port" --expires 60 --no-answer 5 \
    --mutant "${mutant:-none}" <to-phone >from-phone 3<&- 4>&-

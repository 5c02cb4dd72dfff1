"""Where the collected facts that are no names are held, and why some are not.

Each row: maker and the beginning of the pattern, then ``service:`` (a dissector recognises it),
``entry:`` (the catalogue says what it is for), ``signal:`` (it tells a device), or ``not:`` with the reason.
"""

PLACES = """
Hikvision|9E BA AC E9 | service:hik-safe
Hikvision|SafeProtocol cmd 0x0812 | entry:hikvision/hik-safe-address-request
Hikvision|SafeProtocol cmd 0x2001 | service:hik-safe
Hikvision|high nibble | service:hik-v3
Hikvision|55 66 77 88 | entry:hikvision/hik-media
Hikvision|u32be length, 0x5A | service:hcnetsdk
Hikvision|10 57 01 01 | entry:hikvision/isup-5
Hikvision|"<PPVSPMessage>" | service:isup
Hikvision|SIP User-Agent | entry:hikvision/sip-user-agent
Hikvision|HTTP Server: DNVRS | signal:http.server
Hikvision|UDP 37020 | service:sadp
Hikvision|EHome answer | service:isup
EZVIZ|24 <channel | service:ysproto
EZVIZ|"ysproto://" | entry:ezviz/ysproto-host
EZVIZ|C0 3E | service:hik-lbs
EZVIZ|"<stream:stream | service:xmpp
EZVIZ|POST /multistatistics.do | entry:ezviz/statistics.do
EZVIZ|OTA SDK fields | entry:ezviz/ota-fields
EZVIZ|ICMP echo to gateway | entry:ezviz/idle-icmp
Dahua|payload starts "DHGET | service:dhp2p
Dahua|payload starts "NFGET | entry:dahua/dhp2p-nf
Dahua|paths /probe/ | entry:dahua/dhp2p-path
Dahua|WWW-Authenticate | entry:dahua/dhp2p-realm
Dahua|"PTCP" | service:ptcp
Dahua|byte0 FE or FF | service:dahua-stun
Dahua|20 00 00 00 44 48 | service:dhip
Dahua|A0 00 00 00 | service:dvrip
Dahua|UDP 37810 | entry:dahua/dhip-search
Dahua|UDP 5050 | service:camera-discovery
Dahua|Auto-registration | not: host and port are the owner's choice; DHIP and DVRIP are recognised in it
Uniview|clear-text HTTP | entry:uniview/http.star4live
Reolink|3A CF 87 2A | service:bcudp
Reolink|20 CF 87 2A | entry:reolink/bcudp-ack
Reolink|10 CF 87 2A | entry:reolink/bcudp-data
Reolink|31 CF 87 2A | entry:reolink/bcudp-other
Reolink|F0 DE BC 0A | service:baichuan
Reolink|GET /v1.0/devices/roms | entry:reolink/roms-latests
Reolink|UDP broadcast 2015 | service:bcudp
Reolink|ICMP echo | not: an echo request is a connectivity check to whomever
Xiongmai|FF then version | service:xmeye
Xiongmai|POST with User-Agent XAPP | entry:xiongmai/xapp-config
Xiongmai|POST /list | entry:xiongmai/post-list
Xiongmai|POST /getcfg | entry:xiongmai/logsvr-http
Xiongmai|POST /dev/upload | entry:xiongmai/dev-upload
Xiongmai|XAPP | entry:xiongmai/user-agent-xapp
Xiongmai|UDP broadcast 34569 | service:xmeye
Juan|CE FA EF FE | service:esee
Juan|POST /address/device | entry:juan/address-device
Tuya|00 00 55 AA | service:tuya
Tuya|00 00 66 99 | entry:tuya/tuya-3.5
Tuya|TUYA_IOT_SDK | entry:tuya/user-agent
TP-Link|XOR auto-key | service:kasa
TP-Link|02 00 00 01 | service:tplink-discovery
TP-Link|HTTP POST /stream | entry:tp-link/post-stream
PPPP family|F1 <type> | service:pppp
PPPP family|F1 00 00 00 | entry:protocols/pppp-hello
PPPP family|F1 12 00 2C | entry:protocols/pppp-login
PPPP family|F1 01 00 10 | entry:protocols/pppp-hello
PPPP family|F1 30 00 00 | service:pppp
PPPP family|F1 D0 len | entry:protocols/pppp-data
PPPP family|F1 E0 00 00 | entry:protocols/pppp-alive
PPPP family|0x68 | entry:protocols/pppp-tcp
PPPP family|UID = prefix | entry:protocols/pppp-uid
PPPP family|F1 10 00 28 | entry:protocols/pppp-login
Wansview|htpdate | entry:wansview/htpdate
VStarcam|UID prefixes | entry:vstarcam/pppp-prefix
VStarcam|UDP 8600 | service:camera-discovery
Yi/Kami|F1 31 00 14 | service:pppp
Yi/Kami|GET /v2/ipc/sync_time | entry:yi/sync-time
Yi/Kami|/v4/ipc/check_did | entry:yi/check-did
Eufy|58 5A | service:eufy-xz
Eufy|F1 D0 .. D1 | entry:eufy/pppp-eufy
Xiaomi|21 31 00 20 | service:miio
Xiaomi|C2 FE 00 05 | service:xiaomi-push
Xiaomi|GET /gslb | entry:xiaomi/gslb
Xiaomi|MIoT | entry:xiaomi/user-agent
Naxclow|u32le length | service:naxclow
Naxclow|MQTT PUBLISH | entry:naxclow/mqtt-info
Naxclow|POST /app/api | entry:naxclow/register-devices
TUTK|scrambled UDP | service:tutk
Wyze|51 CC | entry:wyze/tutk-cc51
Gwell/Yoosee|ICMP echo | not: an echo request is a connectivity check to whomever
Meari|VVP magic | service:meari
Danale|non-matching payload | not: behaviour of one port among many; rules of behaviour see unknown bytes on them
V380|GET /state.php | entry:macro-video/state.php
Foscam|UDP 10000 | service:camera-discovery
D-Link|24 FF 00 15 | service:dlink-punch
D-Link|GET /router/firmware | entry:d-link/firmware-query
D-Link|HEAD /default/ca-bundle | entry:d-link/ca-bundle
D-Link|Wget/1.13 | entry:d-link/wget-upgrade
D-Link|UDP broadcast 62976 | service:camera-discovery
Edimax|UDP broadcast XML | service:edimax
Ednet|TFTP read request | entry:ednet/tftp-update.sh
generic|u32be 0x2112A442 | service:stun
generic|byte0 0x40-0x4F | entry:protocols/turn-channel-data
generic|text OPTIONS | service:rtsp
generic|byte0 03 and | service:rtmp
generic|byte0 0x10 | service:mqtt
generic|control bit set | service:srt
generic|REGISTER/INVITE | service:sip
generic|SIP user part | entry:protocols/gb28181
generic|SOAP Probe | service:ws-discovery
generic|M-SEARCH | service:ssdp
generic|mDNS to | service:mdns
generic|low 3 bits | service:ntp
generic|UPnP SOAP | entry:protocols/upnp-port-mapping
Axis|mDNS _axis-video | entry:axis/mdns-axis-video
Bosch|UDP 1757 | service:camera-discovery
Hanwha|GET /FW/ | entry:hanwha/update-fw-info
Hanwha|UDP 7701 | service:camera-discovery
Avigilon|GET /api/v1/upgradeManifest | entry:avigilon/upgrade-manifest
Ubiquiti|GET /api/firmware-latest | entry:ubiquiti/firmware-latest
Ubiquiti|UDP 10001 | service:camera-discovery
TVT|ASCII {D79E94C5 | service:tvt
Vivotek|UDP 10000 | entry:vivotek/camera-discovery
Panasonic|UDP 10670 | service:camera-discovery
Sony|UDP 2380 | service:camera-discovery
360 Vision|UDP 3600 | entry:360-vision/
NiceVision|UDP 2007 | entry:nicevision/
Eden Optima|UDP 8088 | entry:eden-optima/
Nest|byte1 <= 02 | entry:nest/
Blink|TLS SNI "* | service:tls
"""

ELSEWHERE = {
    "oui": "data/oui.bin.xz and data/oui_overlay.yaml, from the IEEE's own lists",
    "oem": "data/makers.yaml: brands and who builds them",
    "restricted": "data/restrictions.yaml",
    "ip": "nowhere: addresses rot, and name nobody",
    "cve": "nowhere: a flaw is not what a flow is for",
    "rejected": "nowhere: these names are wrong",
}
"""Kinds of facts that are no knowledge of what a flow is for."""


def places() -> dict[tuple[str, str], str]:
    """Return the place of each fact, by maker and beginning of the pattern."""
    found = {}
    for row in PLACES.strip().splitlines():
        key, _, place = row.rpartition(" | ")
        maker, _, pattern = key.partition("|")
        found[maker, pattern] = place
    return found

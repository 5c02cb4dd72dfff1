"""Samples of traffic that stays on the site, or that belongs to others than cameras."""

import struct

from pcaps.make import dns, local, makers, media, quic, tls, wire
from pcaps.make.scene import Host, Scene, group, server
from pcaps.make.tcp import Tcp


def closed() -> Scene:
    """Two cameras and a recorder: streams, time, names and discovery, all on the site."""
    gateway = Host("10.20.7.1", "00:1b:d4:7a:31:c7")
    scene = Scene("closed", "2026-11-02T06:00:00", gateway)
    recorder = Host("10.20.7.5", "54:c4:15:00:be:e1")
    first = Host("10.20.7.21", "a4:14:37:10:2c:31")
    second = Host("10.20.7.22", "3c:ef:8c:77:02:5a")
    times, names = Host("10.20.0.123", "", 63), Host("10.20.0.53", "", 63)
    for at, camera, name in ((0.5, first, "DS-2CD1043G2"), (1.5, second, "IPC-HFW2441S")):
        local.dhcp(scene, at, camera, gateway, name=name)
        scene.arp(at + 0.5, camera, recorder)
        scene.arp(at + 0.6, recorder, camera)
        scene.arp(at + 0.7, camera, gateway)
        known = dns.resolve(
            scene, at + 1, (camera, names), "ntp.cctv.example.internal", [("A", times.ip, 3600)],
            rtt=0.001,
        )  # fmt: skip
        for index in range(3):
            local.ntp(scene, known + 0.02 + 64 * index, (camera, times), rtt=0.0012)
    fields = {
        "DeviceDescription": "DS-2CD1043G2",
        "DeviceSN": "DS-2CD1043G220250904AAWRF30998877",
        "CommandPort": "8000",
        "HttpPort": "80",
        "MAC": first.mac.replace(":", "-"),
        "IPv4Address": first.ip,
        "SoftwareVersion": "V5.7.15build 230907",
    }
    scene.udp(3.0, (first, group("239.255.255.250")), (37020, 37020), makers.sadp(fields))
    notice = {
        "mac": second.mac,
        "method": "client.notifyDevInfo",
        "params": {
            "deviceInfo": {
                "DeviceClass": "IPC",
                "DeviceType": "IPC-HFW2441S",
                "HttpPort": 80,
                "IPv4Address": {"IPAddress": second.ip, "SubnetMask": "255.255.255.0"},
                "SerialNo": "7L0MADE00012345",
                "Vendor": "Dahua",
                "Version": "2.840.0000000.16.R",
            }
        },
    }
    scene.udp(4.0, (second, group("239.255.255.251")), (37810, 37810), makers.dhip(notice))
    local.onvif_discovery(
        scene, 5.0, (recorder, first), {"name": "HIKVISION", "hardware": "DS-2CD1043G2"}
    )
    local.onvif_discovery(
        scene, 5.5, (recorder, second), {"name": "Dahua", "hardware": "IPC-HFW2441S"}
    )
    inside = Tcp(scene, 8.0, (recorder, first), 554, 0.0006)
    inside.open()
    media.rtsp_interleaved(inside, "/Streaming/Channels/101", 28)
    beside = Tcp(scene, 9.0, (recorder, second), 554, 0.0006)
    beside.open()
    media.rtsp_beside(scene, beside, "/cam/realmonitor?channel=1&subtype=0", 28)
    beside.wait(20.0)
    beside.close()
    inside.wait(20.0)
    inside.close()
    for at, camera in ((40.0, first), (41.0, second)):
        tcp = Tcp(scene, at, (recorder, camera), 80, 0.0006)
        tcp.open()
        body = b"<s:Envelope><s:Body><GetSystemDateAndTime/></s:Body></s:Envelope>"
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        tcp.send(media.http_request("POST", "/onvif/device_service", camera.ip, headers, body))
        tcp.reply(media.http_answer("application/soap+xml", body, "Webs"), 0.01)
        tcp.close()
    return scene


def office() -> Scene:
    """A personal computer and a printer beside two cameras of which one talks to its maker."""
    gateway = Host("192.168.10.1", "94:57:a5:08:41:f0")
    scene = Scene("office", "2026-11-16T10:12:00", gateway)
    pc = Host("192.168.10.50", "d8:9e:f3:25:b7:90", 128, "windows")
    printer = Host("192.168.10.40", "3c:d9:2b:61:0f:a4", 255)
    files = Host("192.168.10.10", "00:15:5d:0a:04:1b", 128, "windows")
    axis = Host("192.168.10.61", "ac:cc:8e:51:7d:02")
    quiet = Host("192.168.10.62", "48:ea:63:9b:c4:55")
    local.dhcp(scene, 0.2, pc, gateway, name="PC-FRONTDESK", vendor="MSFT 5.0")
    scene.arp(0.8, pc, gateway)
    _office_pc_talks(scene, pc, files, printer)
    _office_pc_browses(scene, pc)
    known = dns.resolve(scene, 4.0, (axis, gateway), "pool.ntp.org", [("A", "194.58.203.20", 130)])
    local.ntp(scene, known + 0.01, (axis, server("194.58.203.20", 52)), rtt=0.029)
    name = "dispatchse1-st.axis.com"
    known = dns.resolve(scene, 5.0, (axis, gateway), name, [("A", "195.60.68.10", 300)])
    tcp = Tcp(scene, known + 0.01, (axis, server("195.60.68.10", 51)), 443, 0.031)
    tcp.open()
    tls.session(tcp, "openssl3", name)
    tls.exchange(tcp, (420, 380))
    for _ in range(4):
        tcp.wait(25.0)
        tls.exchange(tcp, (40, 40))
    tls.goodbye(tcp)
    local.mdns_announce(scene, 3.0, axis, "_axis-video._tcp.local", "AXIS P3245-V - ACCC8E517D02")
    tcp = Tcp(scene, 20.0, (pc, quiet), 80, 0.0009)
    tcp.open()
    agent = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Accept": "text/html"}
    tcp.send(media.http_request("GET", "/", quiet.ip, agent, b""))
    tcp.reply(media.http_answer("text/html", b"<html><title>IPC</title></html>".ljust(900), "NVT"))
    tcp.close()
    local.onvif_discovery(scene, 22.0, (pc, quiet), {"name": "UNIVIEW", "hardware": "IPC324LE"})
    return scene


def _office_pc_talks(scene: Scene, pc: Host, files: Host, printer: Host) -> None:
    for at in (1.0, 1.4):
        local.llmnr(scene, at, pc, "PRINTSRV")
    for at in (1.1, 1.85, 2.6):
        local.netbios(scene, at, pc, "PRINTSRV")
    local.mdns_query(scene, 1.2, pc, "_ipp._tcp.local")
    local.mdns_announce(scene, 1.3, printer, "_ipp._tcp.local", "LaserJet front desk")
    local.ssdp_search(scene, 2.0, pc, "urn:dial-multiscreen-org:service:dial:1")
    scene.arp(2.4, pc, files)
    tcp = Tcp(scene, 2.5, (pc, files), 445, 0.0008)
    tcp.open()
    dialects = struct.pack("<HHHH", 0x0202, 0x0210, 0x0300, 0x0302)
    head = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + bytes(16)
    body = (
        struct.pack("<HHHHI", 36, 4, 1, 0, 0x7F) + wire.noise("smb/guid", 16) + bytes(8) + dialects
    )
    tcp.send(struct.pack(">I", len(head + body)) + head + body)
    answer = head[:16] + struct.pack("<I", 1) + head[20:]
    body = struct.pack("<HHHH", 65, 1, 0x0302, 0) + wire.noise("smb/server", 16)
    body += (
        struct.pack("<IIII", 0x7F, 1 << 20, 1 << 20, 1 << 20)
        + bytes(16)
        + struct.pack("<HHI", 128, 0, 0)
    )
    tcp.reply(struct.pack(">I", len(answer + body)) + answer + body, 0.001)
    tcp.wait(4)
    tcp.close()
    scene.arp(11.9, pc, printer)
    tcp = Tcp(scene, 12.0, (pc, printer), 9100, 0.0011)
    tcp.open()
    tcp.send(
        b'\x1b%-12345X@PJL JOB NAME="letter"\r\n@PJL ENTER LANGUAGE=PCL\r\n'
        + wire.noise("pcl", 6200)
    )
    tcp.wait(1)
    tcp.close()


def _office_pc_browses(scene: Scene, pc: Host) -> None:
    ends = (pc, scene.gateway)
    for at, name, ip, ttl, sizes in (
        (6.0, "www.wikipedia.org", "185.15.59.224", 55, ((820, 18400), (310, 5200))),
        (9.0, "outlook.office365.com", "52.97.10.5", 110, ((1200, 2400), (900, 700))),
        (14.0, "www.bund.de", "80.158.5.5", 54, ((640, 9100),)),
    ):
        known = dns.resolve(scene, at, ends, name, [("A", ip, 240)])
        tcp = Tcp(scene, known + 0.004, (pc, server(ip, ttl)), 443, 0.017)
        tcp.open()
        tls.session(tcp, "browser", name)
        tls.exchange(tcp, *sizes)
        tls.goodbye(tcp)
    known = dns.resolve(scene, 16.0, ends, "www.google.com", [("A", "142.250.180.4", 180)])
    quic.visit(scene, known + 0.004, (pc, server("142.250.180.4", 116)), "www.google.com", 16000)
    known = dns.resolve(scene, 25.0, ends, "time.windows.com", [("A", "20.101.57.9", 600)])
    local.ntp(scene, known + 0.002, (pc, server("20.101.57.9", 112)), rtt=0.021)

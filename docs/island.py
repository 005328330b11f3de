#!/usr/bin/env python3
"""An island experiment over `gridproof emulate`, with nothing but Python's own library.

Energises an inverter with the emulated grid simulator, PV and battery simulators, tunes the RLC load
to it, opens S1 and watches the island die. Every command is one that the real instruments take; only
time is moved over the control port.

    python3 docs/island.py [path of the gridproof program]
"""

import json
import socket
import subprocess
import sys


class Instrument:
    """One TCP connection; replies and commands end with the instrument's own terminator."""

    def __init__(self, entry):
        host, port = entry["address"].rsplit(":", 1)
        self.end = entry.get("terminator", "\n").encode()
        self.socket = socket.create_connection((host, int(port)))
        self.rest = b""

    def tell(self, *lines):
        for line in lines:
            self.socket.sendall(line.encode() + self.end)

    def ask(self, line):
        self.tell(line)
        while self.end not in self.rest:
            self.rest += self.socket.recv(4096)
        reply, self.rest = self.rest.split(self.end, 1)
        return reply.decode()


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "gridproof"
    emulator = subprocess.Popen([program, "emulate", "--virtual"], stdout=subprocess.PIPE, text=True)
    bench = json.loads(emulator.stdout.readline())
    entries = {entry["name"]: entry for entry in bench["instruments"]}
    grid, pv, battery, load, analyser = (
        Instrument(entries[name]) for name in ("grid", "pv", "battery", "island-load", "analyser")
    )
    control = Instrument({"address": bench["control"]})

    def state():
        return json.loads(control.ask("state"))

    def advance(time):
        control.ask(f"advance {time}")
        return state()

    pv.tell("CURVe:VIparms 460, 12.5", "CURVe:MPPparms 370, 11.5", 'CURVe:ADD "ROOF"')
    pv.tell('SOURce:CURVe "ROOF", (@1)', "SOURce:EXECute (@1)", "OUTPut:STATe ON, (@1)")
    battery.tell("SYST:REM", "VOLT 350", "CURR:LIM 30", "CURR:LIM:NEG -30", "OUTP ON")
    load.tell("FUNCtion:S1 ON")
    grid.tell("VOLT:AC 230", "FREQ 50", "OUTP:REL ON", "OUTP ON")
    now = advance("600 s")
    print(f"{now['dut_state']}: {now['dut_w']:.0f} W, {now['dut_var']:.0f} var into the grid")

    # the load takes what the inverter makes, with as much in L as in C (quality factor 1)
    watts = now["dut_w"]
    for letter, power in (("R", watts), ("L", watts), ("C", watts - now["dut_var"])):
        load.tell(f"PHASE1:{letter}LOAD {power:.0f}", f"PHASE1:{letter}LOADE ON")
    load.tell("FUNCtion:SLOAD ON")
    # the inrush of the capacitor may send the inverter to its back-up; give it time to come back
    now = advance("600 s")
    print(f"tuned: {now['grid_w']:.0f} W and {now['grid_var']:.0f} var still from the grid")
    analyser.tell(":COMM:HEAD OFF", ":NUM:NORM:ITEM1 P,1")
    print(f"the analyser reads {float(analyser.ask(':NUM:NORM:VAL? 1')):.0f} W of the inverter")

    load.tell("FUNCtion:S1 OFF")
    opened = now["time_s"]
    while now["dut_relay_closed"] and now["time_s"] < opened + 5:
        now = advance("0.01 s")
    print(f"the island lived {now['time_s'] - opened:.2f} s: {now['dut_last_trip'] or 'no trip'}")
    for one in (grid, pv, battery, load):
        error = one.ask("SYSTem:ERRor?")
        assert error.startswith("0,"), error
    control.ask("quit")
    emulator.wait()


if __name__ == "__main__":
    main()

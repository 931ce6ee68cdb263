"""Camt.053 files for benches: one account, a month of payments as a bank writes them."""

from __future__ import annotations

import random

IBAN = "NL91ABNA0417164300"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">\n<BkToCstmrStmt>\n'
    "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-31T20:00:00</CreDtTm></GrpHdr>\n<Stmt><Id>S1</Id>"
    f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
)
_BALANCE = (
    "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
    "<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>\n"
)
_ENTRY = """<Ntry>
  <NtryRef>{n}</NtryRef>
  <Amt Ccy="EUR">{amount}</Amt>
  <CdtDbtInd>{mark}</CdtDbtInd>
  <Sts><Cd>BOOK</Cd></Sts>
  <BookgDt><Dt>{day}</Dt></BookgDt>
  <ValDt><Dt>{day}</Dt></ValDt>
  <AcctSvcrRef>2026013{n:09}</AcctSvcrRef>
  <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
  <NtryDtls>
    <TxDtls>
      <Refs><AcctSvcrRef>2026013{n:09}</AcctSvcrRef><EndToEndId>E2E-{n:08}</EndToEndId></Refs>
      <Amt Ccy="EUR">{amount}</Amt>
      <CdtDbtInd>{mark}</CdtDbtInd>
      <RltdPties>
        <{side}><Pty><Nm>Company {name} Ltd</Nm><PstlAdr><Ctry>DE</Ctry></PstlAdr></Pty></{side}>
        <{side}Acct><Id><IBAN>DE{number}</IBAN></Id></{side}Acct>
      </RltdPties>
      <RltdAgts><{side}Agt><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></{side}Agt></RltdAgts>
      <RmtInf><Ustrd>Invoice {invoice} of January, customer {customer}</Ustrd></RmtInf>
    </TxDtls>
  </NtryDtls>
</Ntry>
"""


def camt053(lines: int, *, seed: int = 1) -> bytes:
    """A statement of January 2026 with so many payments, whose balances agree."""
    chance = random.Random(seed)  # noqa: S311 - test data
    entries, total = [], 0
    for number in range(lines):
        minor, out = chance.randint(1, 500_000), chance.random() < 0.6
        total += -minor if out else minor
        entries.append(
            _ENTRY.format(
                n=number,
                amount=_decimal(minor),
                mark="DBIT" if out else "CRDT",
                side="Cdtr" if out else "Dbtr",
                day=f"2026-01-{1 + number * 31 // lines:02}",
                name=chance.randint(1, 4000),
                number=chance.randint(10**19, 10**20 - 1),
                invoice=chance.randint(10_000, 99_999),
                customer=chance.randint(100, 999),
            )
        )
    balances = [
        _BALANCE.format(code="OPBD", amount="0.00", mark="CRDT", day="2026-01-01"),
        _BALANCE.format(
            code="CLBD",
            amount=_decimal(abs(total)),
            mark="DBIT" if total < 0 else "CRDT",
            day="2026-01-31",
        ),
    ]
    tail = "</Stmt></BkToCstmrStmt></Document>\n"
    return "".join([_HEAD, *balances, *entries, tail]).encode()


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"

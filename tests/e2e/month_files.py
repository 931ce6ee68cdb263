"""The papers of one month of a small client: another package's exports and four bank files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

MAIN, SAVINGS, CARD = "NL91ABNA0417164300", "NL02ABNA0123456789", "4711-0815-22"
FILLS = 32
CHART = """*Code,*Name,*Type,*Tax Code
090,Business Bank Account,Bank,No VAT
200,Workshop sales,Revenue,20%
429,Timber and glue,Direct Costs,20%
970,Share capital put in,Equity,
"""
CONTACTS = "Contact Name,Email\nHarbour Cafe,a@b.example\nMill Road School,c@d.example\n"
OPENING = """Account Code,Account,Debit,Credit
1010,Bank,5000.00,
1100,Trade receivables,700.00,
970,Share capital put in,,5700.00
Total,,5700.00,5700.00
"""


@dataclass(frozen=True, slots=True)
class Paid:
    """A line of a bank file: day, signed amount, other side and text."""

    on: date
    amount: Decimal
    who: str
    text: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """The month that is done, and the days around it."""

    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def last_working(self) -> date:
        """Its last day from Monday to Friday."""
        back = max(self.last.weekday() - 4, 0)
        return self.last - timedelta(days=back)

    @property
    def before(self) -> date:
        """The first day of the month before, which comes as entries of the other package."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def opening(self) -> date:
        """The day of the opening balances."""
        return self.before - timedelta(days=1)

    def day(self, number: int) -> date:
        """A day of the month."""
        return self.first.replace(day=number)


def the_month_before(today: date) -> Month:
    """The last whole month."""
    return Month((today.replace(day=1) - timedelta(days=1)).replace(day=1))


def items(month: Month) -> str:
    """What customers owed when the books were taken over."""
    return (
        "Customer,Invoice Number,Invoice Date,Due Date,Amount Due\n"
        f"Harbour Cafe,INV-7,{month.opening:%Y-%m-%d},{month.day(2):%Y-%m-%d},450.00\n"
        f"Mill Road School,INV-9,{month.opening:%Y-%m-%d},{month.day(9):%Y-%m-%d},250.00\n"
    )


def ledger(month: Month) -> str:
    """The general ledger of the month before, as the other package writes it."""
    one, two = (
        f"{month.before.replace(day=15):%Y-%m-%d}",
        f"{month.before.replace(day=28):%Y-%m-%d}",
    )
    return (
        "Date,Journal Number,Account Code,Account,Contact,Description,Debit,Credit\n"
        f"{one},1,1010,Bank,,Cash sale,120.00,\n{one},1,200,Workshop sales,,Cash sale,,120.00\n"
        f"{two},2,429,Timber and glue,,Glue,60.00,\n{two},2,1010,Bank,,Glue,,60.00\n"
    )


def first_half(month: Month) -> tuple[Paid, ...]:
    """What the bank booked till the 15th."""
    return (
        Paid(month.day(2), Decimal("450.00"), "Harbour Cafe", "INV-7"),
        Paid(month.day(5), Decimal("-1200.00"), "Marsh Estates", "Rent of the workshop"),
        Paid(month.day(9), Decimal("250.00"), "Mill Road School", "INV-9"),
        Paid(month.day(12), Decimal("-96.00"), "Print Works", "Leaflets and stamps"),
    )


def second_half(month: Month) -> tuple[Paid, ...]:
    """What the bank booked after the 15th."""
    return (
        Paid(month.day(16), Decimal("-75.00"), "Kelso Stores", "Card 1180"),
        Paid(month.day(17), Decimal("-500.00"), "Own savings", "Put aside", SAVINGS),
        Paid(month.day(20), Decimal("-42.00"), "Tram Hall", "Thank you"),
        Paid(month.last_working, Decimal("812.40"), "Quay Antiques", "Oak table"),
    )


def total(lines: tuple[Paid, ...]) -> Decimal:
    """The sum of their amounts."""
    return sum((one.amount for one in lines), Decimal())


def camt(month: Month, *, opening: Decimal = Decimal("5060.00")) -> bytes:
    """The first half as camt.053."""
    lines = first_half(month)
    closing = opening + total(lines)
    entries = "".join(_camt_entry(one, place) for place, one in enumerate(lines))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr>'
        f"<MsgId>M1</MsgId><CreDtTm>{month.day(15)}T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
        f"<ElctrncSeqNb>10</ElctrncSeqNb><CreDtTm>{month.day(15)}T20:00:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{month.first}T00:00:00</FrDtTm><ToDtTm>{month.day(15)}T23:59:59</ToDtTm>"
        f"</FrToDt><Acct><Id><IBAN>{MAIN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{_camt_balance('OPBD', opening, month.first)}"
        f"{_camt_balance('CLBD', closing, month.day(15))}{entries}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _camt_balance(code: str, amount: Decimal, on: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>"
    )


def _camt_entry(one: Paid, place: int) -> str:
    sign, party = ("CRDT", "Dbtr") if one.amount > 0 else ("DBIT", "Cdtr")
    return (
        f"<Ntry><Amt Ccy='EUR'>{abs(one.amount)}</Amt><CdtDbtInd>{sign}</CdtDbtInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{one.on}</Dt></BookgDt>"
        f"<ValDt><Dt>{one.on}</Dt></ValDt><AcctSvcrRef>C{place}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Amt Ccy='EUR'>{abs(one.amount)}</Amt>"
        f"<RltdPties><{party}><Pty><Nm>{one.who}</Nm></Pty></{party}></RltdPties>"
        f"<RmtInf><Ustrd>{one.text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def mt940(month: Month) -> bytes:
    """The second half as MT940, which goes on from the first."""
    opening = Decimal("5060.00") + total(first_half(month))
    closing = opening + total(second_half(month))
    head = f":20:S2\n:25:{MAIN}\n:28C:11/1\n:60F:C{month.day(15):%y%m%d}EUR{_comma(opening)}\n"
    body = "".join(_swift(one, place) for place, one in enumerate(second_half(month)))
    return f"{head}{body}:62F:C{month.last:%y%m%d}EUR{_comma(closing)}\n-\n".encode()


def _swift(one: Paid, place: int) -> str:
    sign = "C" if one.amount > 0 else "D"
    iban = f"?31{one.account}" if one.account else ""
    return (
        f":61:{one.on:%y%m%d}{sign}{_comma(abs(one.amount))}NTRFNONREF//M{place}\n"
        f":86:166?20{one.text}{iban}?32{one.who}\n"
    )


def _comma(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


def ofx(month: Month) -> bytes:
    """A card with a fill at the pump nearly every day."""
    amounts = [Decimal(2000 + 37 * place) / 100 for place in range(FILLS)]
    lines = "".join(
        f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{month.day(1 + place % 28):%Y%m%d}<TRNAMT>-{amount}"
        f"<FITID>F{place}<NAME>Marsh Fuel<MEMO>Pump {place % 7}</STMTTRN>"
        for place, amount in enumerate(amounts)
    )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\n"
        "CHARSET:1252\nCOMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>"
        f"<DTSERVER>{month.last:%Y%m%d}<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><CREDITCARDMSGSRSV1>"
        "<CCSTMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><CCSTMTRS><CURDEF>EUR"
        f"<CCACCTFROM><ACCTID>{CARD}</CCACCTFROM><BANKTRANLIST><DTSTART>{month.first:%Y%m%d}"
        f"<DTEND>{month.last:%Y%m%d}{lines}</BANKTRANLIST><LEDGERBAL><BALAMT>-{sum(amounts)}"
        f"<DTASOF>{month.last:%Y%m%d}</LEDGERBAL></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>"
    ).encode()


def table(month: Month) -> bytes:
    """The savings account as the bank's own CSV, which names no account."""
    return (
        "Buchung;Text;Betrag;Saldo\n"
        f"{month.day(17):%d.%m.%Y};Put aside;500,00;500,00\n"
        f"{month.last_working:%d.%m.%Y};Interest;1,25;501,25\n"
    ).encode()

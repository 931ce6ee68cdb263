"""The general chart: for firms without a national habit, with value added tax at one rate."""

TAX_CODES = (
    ("STD", "Standard rate, sales", "0.2"),
    ("ZERO", "Zero rate, sales", "0"),
    ("EXEMPT", "Exempt", "0"),
    ("PSTD", "Standard rate, purchases", "0.2"),
    ("PZERO", "Zero rate, purchases", "0"),
    ("OUT", "Outside the scope of tax", "0"),
    ("RC", "Reverse charge, purchases", "0.2"),
)
# where the tax of a code is booked
TAX_ACCOUNTS = {"STD": "2200", "PSTD": "1400", "RC": "1400"}
# reverse charge, where the tax owed is booked: Directive 2006/112/EC arts 194 to 199
REVERSE_ACCOUNTS = {"RC": "2200"}
ACCOUNTS = """
1000 | Cash in hand | asset | cash
1010 | Bank current account | asset | bank
1020 | Bank deposit account | asset | bank
1030 | Bank foreign currency account | asset | bank
1050 | Money in transit | asset | transit
1100 | Trade receivables | asset | receivable | receivable
1110 | Allowance for doubtful receivables | asset | receivable_allowance
1150 | Other receivables | asset | other_current_asset
1160 | Loans to employees | asset | other_current_asset
1200 | Inventory of goods | asset | inventory
1210 | Inventory of materials | asset | inventory
1220 | Work in progress | asset | inventory
1300 | Prepaid expenses | asset | prepayment
1310 | Accrued income | asset | accrual
1320 | Deposits paid | asset | other_current_asset
1400 | Tax recoverable on purchases | asset | tax
1410 | Income tax recoverable | asset | tax
1500 | Land and buildings | asset | fixed_asset
1510 | Plant and machinery | asset | fixed_asset
1520 | Vehicles | asset | fixed_asset
1530 | Furniture and fittings | asset | fixed_asset
1540 | Computer equipment | asset | fixed_asset
1600 | Depreciation of buildings | asset | depreciation
1610 | Depreciation of plant and machinery | asset | depreciation
1620 | Depreciation of vehicles | asset | depreciation
1630 | Depreciation of furniture and fittings | asset | depreciation
1640 | Depreciation of computer equipment | asset | depreciation
1700 | Software and licences | asset | intangible_asset
1710 | Goodwill | asset | intangible_asset
1800 | Long-term investments | asset | investment
1990 | Suspense | asset | suspense
2000 | Trade payables | liability | payable | payable
2050 | Other payables | liability | other_current_liability
2100 | Accrued expenses | liability | accrual
2110 | Deferred income | liability | deferred_income
2120 | Deposits received | liability | other_current_liability
2200 | Tax payable on sales | liability | tax
2210 | Income tax payable | liability | tax
2220 | Payroll tax payable | liability | payroll
2230 | Social security payable | liability | payroll
2240 | Wages payable | liability | payroll
2250 | Pension contributions payable | liability | payroll
2300 | Credit card | liability | credit_card
2400 | Short-term loans | liability | short_loan
2500 | Bank loans | liability | long_loan
2510 | Lease liabilities | liability | long_loan
2600 | Provisions | liability | provision
2700 | Loans from owners | liability | long_loan
3000 | Share capital | equity | capital
3010 | Owner contributions | equity | capital
3020 | Owner drawings | equity | drawings
3100 | Reserves | equity | reserve
3200 | Retained earnings | equity | retained_earnings
3900 | Opening balances | equity | opening_balance
4000 | Sales of goods | income | revenue | | STD
4010 | Sales of services | income | revenue | | STD
4020 | Sales abroad | income | revenue | | ZERO
4050 | Discounts given | income | revenue | | STD
4090 | Other operating income | income | revenue
4900 | Interest received | income | other_income | | EXEMPT
4910 | Gains on exchange rates | income | other_income
4920 | Gains on disposal of assets | income | other_income
5000 | Purchases of goods | expense | cost_of_sales | | PSTD
5010 | Materials | expense | cost_of_sales | | PSTD
5020 | Subcontractors | expense | cost_of_sales | | PSTD
5030 | Freight and customs | expense | cost_of_sales | | PSTD
5040 | Change in inventory | expense | cost_of_sales
5050 | Discounts received | expense | cost_of_sales
6000 | Wages and salaries | expense | operating_expense
6010 | Social security contributions | expense | operating_expense
6020 | Pension contributions | expense | operating_expense
6030 | Training | expense | operating_expense | | PSTD
6100 | Rent | expense | operating_expense | | PSTD
6110 | Energy and water | expense | operating_expense | | PSTD
6120 | Cleaning and repairs | expense | operating_expense | | PSTD
6130 | Insurance | expense | operating_expense | | EXEMPT
6200 | Office supplies | expense | operating_expense | | PSTD
6210 | Telephone and internet | expense | operating_expense | | PSTD
6220 | Software subscriptions | expense | operating_expense | | PSTD
6230 | Postage and couriers | expense | operating_expense | | PSTD
6300 | Travel | expense | operating_expense | | PZERO
6310 | Vehicle running costs | expense | operating_expense | | PSTD
6320 | Entertainment | expense | operating_expense | | PSTD
6400 | Advertising and marketing | expense | operating_expense | | PSTD
6500 | Legal and professional fees | expense | operating_expense | | PSTD
6510 | Bookkeeping and audit fees | expense | operating_expense | | PSTD
6520 | Bank charges | expense | operating_expense | | EXEMPT
6530 | Card processing fees | expense | operating_expense | | EXEMPT
6600 | Depreciation | expense | operating_expense
6700 | Bad debts | expense | operating_expense
6800 | Licences and memberships | expense | operating_expense | | PSTD
6900 | Sundry expenses | expense | operating_expense | | PSTD
7000 | Interest paid | expense | other_expense | | EXEMPT
7010 | Losses on exchange rates | expense | other_expense
7020 | Losses on disposal of assets | expense | other_expense
8000 | Income tax | expense | tax
"""

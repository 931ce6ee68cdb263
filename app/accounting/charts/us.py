"""The United States chart: the five-digit ranges of American small firms, sales tax by hand."""

TAX_CODES = (
    ("TAX", "Taxable sales (rate set by state)", "0"),
    ("NON", "Non-taxable sales", "0"),
    ("RESALE", "Sold for resale", "0"),
    ("USE", "Use tax on purchases", "0"),
)
# where the tax of a code is booked
TAX_ACCOUNTS = {"TAX": "23000"}
# use tax is owed by the buyer and cannot be deducted: it has no account but that of the cost
REVERSE_ACCOUNTS = {"USE": "23000"}
ACCOUNTS = """
10000 | Operating checking | asset | bank
10100 | Payroll checking | asset | bank
10200 | Savings | asset | bank
10300 | Foreign currency account | asset | bank
10500 | Petty cash | asset | cash
10900 | Undeposited funds | asset | transit
11000 | Accounts receivable | asset | receivable | receivable
11100 | Allowance for doubtful accounts | asset | receivable_allowance
11500 | Employee advances | asset | other_current_asset
12000 | Merchandise inventory | asset | inventory
12100 | Raw materials | asset | inventory
12200 | Work in process | asset | inventory
13000 | Prepaid expenses | asset | prepayment
13100 | Prepaid insurance | asset | prepayment
13200 | Prepaid rent | asset | prepayment
13500 | Accrued revenue | asset | accrual
15000 | Furniture and equipment | asset | fixed_asset
15100 | Computers | asset | fixed_asset
15200 | Vehicles | asset | fixed_asset
15300 | Leasehold improvements | asset | fixed_asset
15400 | Buildings | asset | fixed_asset
15500 | Land | asset | fixed_asset
16000 | Accumulated depreciation, furniture and equipment | asset | depreciation
16100 | Accumulated depreciation, computers | asset | depreciation
16200 | Accumulated depreciation, vehicles | asset | depreciation
16300 | Accumulated amortization, leasehold improvements | asset | depreciation
16400 | Accumulated depreciation, buildings | asset | depreciation
17000 | Intangible assets | asset | intangible_asset
18000 | Security deposits | asset | other_asset
19900 | Ask the client | asset | suspense
20000 | Accounts payable | liability | payable | payable
21000 | Corporate card | liability | credit_card
22000 | Accrued expenses | liability | accrual
22100 | Customer deposits | liability | deferred_income
22200 | Deferred revenue | liability | deferred_income
23000 | Sales tax payable | liability | tax
23100 | Income tax payable | liability | tax
24000 | Payroll liabilities | liability | payroll
24010 | Federal withholding payable | liability | payroll
24020 | FICA and Medicare payable | liability | payroll
24030 | State withholding payable | liability | payroll
24040 | Unemployment tax payable | liability | payroll
24050 | Retirement plan payable | liability | payroll
25000 | Line of credit | liability | short_loan
26000 | Current portion of long-term debt | liability | short_loan
27000 | Notes payable | liability | long_loan
27100 | Mortgage payable | liability | long_loan
28000 | Loans from shareholders | liability | long_loan
30000 | Common stock | equity | capital
30100 | Additional paid-in capital | equity | capital
31000 | Owner contributions | equity | capital
31100 | Owner distributions | equity | drawings
32000 | Retained earnings | equity | retained_earnings
39000 | Opening balance equity | equity | opening_balance
40000 | Product sales | income | revenue | | TAX
41000 | Service revenue | income | revenue | | NON
42000 | Subscription revenue | income | revenue | | NON
43000 | Shipping income | income | revenue | | NON
48000 | Sales returns and allowances | income | revenue | | TAX
49000 | Sales discounts | income | revenue | | TAX
50000 | Cost of goods sold | expense | cost_of_sales
51000 | Direct labor | expense | cost_of_sales
52000 | Freight in | expense | cost_of_sales
53000 | Subcontracted services | expense | cost_of_sales
54000 | Merchant fees | expense | cost_of_sales
55000 | Hosting and infrastructure | expense | cost_of_sales
60000 | Advertising and promotion | expense | operating_expense
60100 | Automobile expense | expense | operating_expense
60200 | Bank service charges | expense | operating_expense
60300 | Computer and internet expense | expense | operating_expense
60400 | Depreciation expense | expense | operating_expense
60500 | Amortization expense | expense | operating_expense
60600 | Dues and subscriptions | expense | operating_expense
60700 | Insurance, general liability | expense | operating_expense
60800 | Insurance, health | expense | operating_expense
60900 | Workers compensation | expense | operating_expense
61000 | Meals | expense | operating_expense
61100 | Entertainment, non-deductible | expense | operating_expense
61200 | Office supplies | expense | operating_expense
61300 | Postage and delivery | expense | operating_expense
61400 | Professional fees | expense | operating_expense
61500 | Accounting fees | expense | operating_expense
61600 | Rent | expense | operating_expense
61700 | Repairs and maintenance | expense | operating_expense
61800 | Software | expense | operating_expense
61900 | Telephone | expense | operating_expense
62000 | Travel | expense | operating_expense
62100 | Utilities | expense | operating_expense
62200 | Licenses and permits | expense | operating_expense
62300 | Bad debt expense | expense | operating_expense
66000 | Wages and salaries | expense | operating_expense
66100 | Officer compensation | expense | operating_expense
66200 | Payroll taxes | expense | operating_expense
66300 | Retirement plan contributions | expense | operating_expense
66400 | Payroll processing fees | expense | operating_expense
69900 | Miscellaneous expense | expense | operating_expense
70000 | Interest income | income | other_income
70100 | Gain on sale of assets | income | other_income
70200 | Foreign exchange gain | income | other_income
80000 | Interest expense | expense | other_expense
80100 | Loss on sale of assets | expense | other_expense
80200 | Foreign exchange loss | expense | other_expense
90000 | Federal income tax | expense | tax
90100 | State income tax | expense | tax
"""

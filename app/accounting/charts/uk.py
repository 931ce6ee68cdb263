"""The United Kingdom chart: the nominal ranges British bookkeepers know, with VAT codes."""

TAX_CODES = (
    ("T1", "Standard rate 20% on sales", "0.2"),
    ("T5", "Reduced rate 5% on sales", "0.05"),
    ("T0", "Zero rate", "0"),
    ("T2", "Exempt", "0"),
    ("T9", "Outside the scope of VAT", "0"),
    ("P1", "Standard rate 20% on purchases", "0.2"),
    ("P5", "Reduced rate 5% on purchases", "0.05"),
    ("RC", "Reverse charge on services", "0.2"),
)
# where the tax of a code is booked
TAX_ACCOUNTS = {"T1": "2200", "T5": "2200", "P1": "2201", "P5": "2201", "RC": "2201"}
# reverse charge, where the tax owed is booked: VATA 1994 s.8, services of suppliers abroad
REVERSE_ACCOUNTS = {"RC": "2200"}
ACCOUNTS = """
0010 | Freehold property | asset | fixed_asset
0011 | Leasehold property | asset | fixed_asset
0020 | Plant and machinery | asset | fixed_asset
0021 | Plant and machinery depreciation | asset | depreciation
0030 | Office equipment | asset | fixed_asset
0031 | Office equipment depreciation | asset | depreciation
0040 | Furniture and fixtures | asset | fixed_asset
0041 | Furniture and fixtures depreciation | asset | depreciation
0050 | Motor vehicles | asset | fixed_asset
0051 | Motor vehicles depreciation | asset | depreciation
0060 | Computer equipment | asset | fixed_asset
0061 | Computer equipment depreciation | asset | depreciation
0070 | Intangible assets | asset | intangible_asset
1001 | Stock | asset | inventory
1002 | Work in progress | asset | inventory
1100 | Debtors control account | asset | receivable | receivable
1101 | Provision for doubtful debts | asset | receivable_allowance
1102 | Other debtors | asset | other_current_asset
1103 | Prepayments | asset | prepayment
1104 | Accrued income | asset | accrual
1105 | Director's loan account | asset | other_current_asset
1200 | Bank current account | asset | bank
1210 | Bank deposit account | asset | bank
1220 | Bank foreign currency account | asset | bank
1230 | Petty cash | asset | cash
1250 | Money in transit | asset | transit
2100 | Creditors control account | liability | payable | payable
2102 | Other creditors | liability | other_current_liability
2109 | Accruals | liability | accrual
2110 | Deferred income | liability | deferred_income
2200 | Sales tax control (output VAT) | liability | tax
2201 | Purchase tax control (input VAT) | asset | tax
2202 | VAT liability | liability | tax
2210 | PAYE | liability | payroll
2211 | National Insurance | liability | payroll
2220 | Net wages | liability | payroll
2230 | Pension fund | liability | payroll
2240 | Credit card | liability | credit_card
2250 | Student loan deductions | liability | payroll
2300 | Loans | liability | long_loan
2310 | Hire purchase | liability | long_loan
2320 | Corporation tax | liability | tax
2330 | Mortgages | liability | long_loan
3000 | Ordinary shares | equity | capital
3010 | Preference shares | equity | capital
3050 | Dividends | equity | drawings
3100 | Reserves | equity | reserve
3200 | Retained earnings | equity | retained_earnings
3900 | Opening balances | equity | opening_balance
4000 | Sales of products | income | revenue | | T1
4010 | Sales of services | income | revenue | | T1
4020 | Export sales | income | revenue | | T0
4009 | Discounts allowed | income | revenue | | T1
4200 | Sales of assets | income | other_income
4900 | Miscellaneous income | income | other_income | | T9
4901 | Royalties received | income | other_income | | T1
4903 | Insurance claims | income | other_income | | T9
4904 | Rent income | income | other_income | | T2
4906 | Bank interest received | income | other_income | | T2
4907 | Exchange gains | income | other_income | | T9
5000 | Materials purchased | expense | cost_of_sales | | P1
5001 | Goods for resale | expense | cost_of_sales | | P1
5003 | Packaging | expense | cost_of_sales | | P1
5009 | Discounts taken | expense | cost_of_sales | | P1
5100 | Carriage | expense | cost_of_sales | | P1
5101 | Import duty | expense | cost_of_sales | | T9
5200 | Opening and closing stock | expense | cost_of_sales | | T9
6000 | Productive labour | expense | cost_of_sales | | T9
6002 | Subcontractors | expense | cost_of_sales | | P1
6201 | Advertising | expense | operating_expense | | P1
6203 | Public relations | expense | operating_expense | | P1
7000 | Gross wages | expense | operating_expense | | T9
7003 | Directors' salaries | expense | operating_expense | | T9
7006 | Employer's National Insurance | expense | operating_expense | | T9
7007 | Employer's pension contributions | expense | operating_expense | | T9
7009 | Recruitment and training | expense | operating_expense | | P1
7100 | Rent | expense | operating_expense | | P1
7103 | Business rates | expense | operating_expense | | T9
7104 | Premises insurance | expense | operating_expense | | T2
7200 | Electricity | expense | operating_expense | | P1
7201 | Gas | expense | operating_expense | | P1
7202 | Water | expense | operating_expense | | T0
7300 | Vehicle running costs | expense | operating_expense | | P1
7400 | Travelling | expense | operating_expense | | T0
7402 | Hotels | expense | operating_expense | | P1
7403 | Entertainment | expense | operating_expense | | T9
7500 | Printing and stationery | expense | operating_expense | | P1
7501 | Postage and carriage | expense | operating_expense | | T2
7502 | Telephone and internet | expense | operating_expense | | P1
7504 | Software subscriptions | expense | operating_expense | | P1
7600 | Legal fees | expense | operating_expense | | P1
7601 | Audit and accountancy fees | expense | operating_expense | | P1
7602 | Consultancy fees | expense | operating_expense | | P1
7800 | Repairs and renewals | expense | operating_expense | | P1
7801 | Cleaning | expense | operating_expense | | P1
7900 | Bank interest paid | expense | other_expense | | T2
7901 | Bank charges | expense | operating_expense | | T2
7905 | Card processing fees | expense | operating_expense | | T2
7906 | Exchange losses | expense | other_expense | | T9
8000 | Depreciation | expense | operating_expense | | T9
8100 | Bad debt write off | expense | operating_expense | | T9
8200 | Subscriptions | expense | operating_expense | | P1
8204 | Insurance | expense | operating_expense | | T2
8250 | Sundry expenses | expense | operating_expense | | P1
9000 | Corporation tax charge | expense | tax | | T9
9998 | Suspense account | asset | suspense
"""

"""What the synthetic company does: departments, their functions, the systems they work in, levels and regions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A line of work inside a department; `code` is its abbreviation in technical names."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department.

    `share` is the percentage of all roles, `code` the abbreviation in technical names, `translations` the name per
    language, `systems` how often (in percent) its roles reach into a source of that name.
    """

    name: str
    code: str
    share: int
    translations: dict[str, str]
    functions: tuple[Function, ...]
    systems: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A market; a description is written in one of its `languages`, repeated ones more often."""

    name: str
    languages: tuple[str, ...]


def _department(
    name: str, code: str, share: int, translations: str, functions: str, systems: dict[str, int]
) -> Department:
    words = dict(zip(("de", "fr", "es", "ja", "ru"), translations.split(", "), strict=True))
    pairs = [part.split(":") for part in functions.split(", ")]
    return Department(
        name,
        code,
        share,
        {"en": name, **words},
        tuple(Function(title, short) for title, short in pairs),
        tuple(systems.items()),
    )


#: The only department whose role names hold the word that the demo's query asks for.
FINANCE = "Finance"

DEPARTMENTS: tuple[Department, ...] = (
    _department(
        FINANCE,
        "FI",
        12,
        "Finanzen, Finances, Finanzas, 財務, Финансы",
        "Accounts Payable:AP, Accounts Receivable:AR, General Ledger:GL, Treasury:TR, Tax:TX, Controlling:CO, "
        "Asset Accounting:AA, Travel Expenses:TE",
        {
            "SAP": 48,
            "Oracle EBS": 15,
            "Active Directory": 15,
            "Concur": 8,
            "Snowflake": 5,
            "BlackLine": 5,
            "Anaplan": 4,
        },
    ),
    _department(
        "Sales",
        "SD",
        11,
        "Vertrieb, Ventes, Ventas, 営業, Продажи",
        "Key Accounts:KA, Inside Sales:IS, Pricing:PR, Order Management:OM, Channel Partners:CP, Sales Planning:SP, "
        "Contracts:CT, Forecasting:FC",
        {"Salesforce": 45, "Active Directory": 20, "SAP": 12, "Snowflake": 8, "HubSpot": 8, "DocuSign": 7},
    ),
    _department(
        "Human Resources",
        "HR",
        8,
        "Personal, Ressources humaines, Recursos Humanos, 人事, Персонал",
        "Payroll:PY, Recruiting:RC, Benefits:BN, Time Management:TM, Talent Development:TD, "
        "Personnel Administration:PA, Compensation:CM, Workforce Planning:WP",
        {"Workday": 40, "Active Directory": 20, "PeopleSoft": 12, "SuccessFactors": 12, "SAP": 8, "Kronos": 8},
    ),
    _department(
        "IT Operations",
        "BC",
        11,
        "IT-Betrieb, Exploitation informatique, Operaciones de TI, IT運用, ИТ-эксплуатация",
        "Service Desk:SV, Databases:DB, Networks:NW, Workplace:WK, Backup:BK, Monitoring:MN, Linux Platform:LX, "
        "Windows Platform:WN",
        {"Active Directory": 30, "ServiceNow": 25, "Azure AD": 18, "AWS": 10, "Okta": 9, "VMware": 8},
    ),
    _department(
        "Engineering",
        "PS",
        10,
        "Entwicklung, Ingénierie, Ingeniería, 技術, Разработка",
        "Backend:BE, Mobile:MB, Data Platform:DP, Release:RL, Test Automation:TA, Architecture:AR, Firmware:FW, "
        "Machine Learning:ML",
        {"GitHub": 30, "AWS": 22, "Active Directory": 16, "Jira": 14, "Azure AD": 10, "Snowflake": 8},
    ),
    _department(
        "Customer Service",
        "CS",
        8,
        "Kundendienst, Service client, Atención al cliente, カスタマーサービス, Обслуживание клиентов",
        "Contact Centre:CC, Complaints:CP, Field Service:FS, Warranty:WR, Returns:RT, Knowledge Base:KB, "
        "Premium Support:PS, Training:TG",
        {"ServiceNow": 32, "Salesforce": 28, "Active Directory": 20, "Zendesk": 12, "Okta": 8},
    ),
    _department(
        "Marketing",
        "MK",
        6,
        "Marketing, Marketing, Mercadotecnia, マーケティング, Маркетинг",
        "Campaigns:CA, Brand:BR, Events:EV, Web Content:WC, Market Research:MR, Social Media:SM, Loyalty:LY, Media:MD",
        {"Salesforce": 30, "Active Directory": 22, "HubSpot": 18, "Adobe Experience": 16, "Azure AD": 14},
    ),
    _department(
        "Supply Chain",
        "LE",
        8,
        "Logistik, Logistique, Cadena de suministro, サプライチェーン, Логистика",
        "Inbound:IB, Outbound:OB, Warehouse:WH, Transport:TP, Customs:CU, Demand Planning:DM, Inventory:IV, Fleet:FL",
        {"SAP": 36, "Active Directory": 20, "Manhattan WMS": 16, "Oracle EBS": 14, "Kinaxis": 14},
    ),
    _department(
        "Manufacturing",
        "PP",
        7,
        "Produktion, Production, Fabricación, 製造, Производство",
        "Assembly:AS, Maintenance:MT, Quality Inspection:QI, Shift Planning:SH, Tooling:TL, Process Control:PC, "
        "Work Orders:WO, Plant Safety:SF",
        {"SAP": 34, "Active Directory": 22, "Siemens Opcenter": 18, "Maximo": 16, "Azure AD": 10},
    ),
    _department(
        "Legal",
        "LG",
        4,
        "Recht, Affaires juridiques, Asuntos legales, 法務, Юридический отдел",
        "Litigation:LI, Patents:PT, Privacy:PV, Corporate Law:CL, Trade Compliance:TC, Records:RD, Board Office:BO, "
        "Contract Review:CR",
        {"Active Directory": 34, "iManage": 24, "DocuSign": 18, "Azure AD": 14, "Okta": 10},
    ),
    _department(
        "Security",
        "SE",
        4,
        "Sicherheit, Sécurité, Seguridad, セキュリティ, Безопасность",
        "Incident Response:IR, Threat Hunting:TH, Identity Governance:IG, Cryptography:CY, Cloud Security:CS, "
        "Red Team:RT, Awareness:AW, Physical Access:PX",
        {"Active Directory": 26, "Okta": 20, "AWS": 16, "Splunk": 14, "CyberArk": 14, "Azure AD": 10},
    ),
    _department(
        "Procurement",
        "MM",
        5,
        "Einkauf, Achats, Compras, 購買, Закупки",
        "Sourcing:SO, Purchase Orders:PO, Vendor Master:VM, Catalogues:CG, Contract Buying:CB, Goods Receipt:GR, "
        "Spend Analysis:SA, Indirect Goods:IG",
        {"SAP": 34, "Ariba": 20, "Active Directory": 18, "Coupa": 14, "Oracle EBS": 14},
    ),
    _department(
        "Clinical Care",
        "IC",
        4,
        "Klinik, Soins cliniques, Atención clínica, 臨床, Клиника",
        "Nursing:NU, Emergency:EM, Radiology:RA, Pharmacy:PH, Laboratory:LA, Admissions:AD, Surgery:SU, Oncology:ON",
        {"Epic": 48, "Active Directory": 22, "Cerner": 12, "Kronos": 10, "Okta": 8},
    ),
    _department(
        "Research",
        "RD",
        2,
        "Forschung, Recherche, Investigación, 研究, Исследования",
        "Chemistry:CH, Biostatistics:BS, Clinical Trials:CT, Materials:MA, Genomics:GE, Lab Operations:LO, "
        "Regulatory Affairs:RG, Imaging:IM",
        {"AWS": 24, "Veeva Vault": 22, "Active Directory": 20, "Snowflake": 18, "LabVantage": 16},
    ),
)

#: Frequent levels stand here twice.
LEVELS: tuple[str, ...] = (
    "Trainee",
    "Clerk",
    "Clerk",
    "Analyst",
    "Analyst",
    "Specialist",
    "Specialist",
    "Senior Specialist",
    "Approver",
    "Auditor",
    "Team Lead",
    "Manager",
    "Director",
)

REGIONS: tuple[Region, ...] = (
    Region("EMEA", ("en", "en", "de", "fr", "es")),
    Region("APAC", ("en", "en", "ja")),
    Region("LATAM", ("es", "es", "en")),
    Region("DACH", ("de", "de", "en")),
    Region("Nordics", ("en",)),
    Region("Benelux", ("en", "fr", "de")),
    Region("North America", ("en", "en", "en", "es", "fr")),
    Region("UK & Ireland", ("en",)),
    Region("Île-de-France", ("fr", "fr", "en")),
    Region("España", ("es", "es", "en")),
    Region("日本", ("ja", "ja", "en")),
    Region("Central Asia", ("ru", "ru", "en")),
)

TAGS: tuple[str, ...] = (
    "birthright",
    "joiner",
    "quarterly-review",
    "SOX-relevant",
    "external-staff",
    "legacy",
    "sensitive",
    "shared-service",
    "Migration 2023",
    "TAG_1",
    "TAG_2",
    "überprüfen",
)

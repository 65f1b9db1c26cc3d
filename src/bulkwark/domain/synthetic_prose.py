"""Descriptions in six languages, of one to three sentences."""

from __future__ import annotations

from bulkwark.domain.synthetic_departments import Department, Function
from bulkwark.domain.synthetic_dice import Dice

#: Per language: how a description opens, how it may go on, and what stands between two sentences.
#: {d} department in that language, {f} function, {r} region, {l} level.
_ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "en": (
        (
            "Standard access for {f} in {r}.",
            "What daily work in {f} needs, for the level {l} of {d}.",
            "Covers the core transactions of {f} for {r}.",
            "Read and write access to {f} for the {d} department.",
            "Collects what {f} colleagues in {r} hold on every system.",
        ),
        (
            "Reviewed every quarter by the owner.",
            "Do not combine with approver rights.",
            "Granted automatically on the first working day.",
            "Replaces three older roles of the regional organisation.",
            "Requires the yearly compliance training.",
            "Ask the service desk before changing its contents.",
        ),
        " ",
    ),
    "de": (
        (
            "Standardzugriff für {f} in {r}.",
            "Enthält alle Berechtigungen, die im Bereich {d} für {f} täglich benötigt werden.",
            "Lese- und Schreibzugriff auf {f} für die Abteilung {d}.",
            "Bündelt die Kernberechtigungen der Funktion {f} ({r}).",
        ),
        (
            "Wird vierteljährlich durch den Eigentümer überprüft.",
            "Nicht mit Freigaberechten kombinieren.",
            "Die Zuweisung erfolgt automatisch am ersten Arbeitstag.",
            "Änderungen müssen vorab mit der Revision abgestimmt werden.",
        ),
        " ",
    ),
    "fr": (
        (
            "Accès standard à {f} pour la région {r}.",
            "Regroupe les droits nécessaires au quotidien dans le service « {d} ».",
            "Accès en lecture et en écriture à {f}, réservé au service « {d} ».",
        ),
        (
            "Révisé chaque trimestre par le propriétaire.",
            "À ne pas cumuler avec les droits d'approbation.",
            "Attribué automatiquement dès l'arrivée du collaborateur.",
            "L'accès expire à la fin de la mission.",
        ),
        " ",
    ),
    "es": (
        (
            "Acceso estándar a {f} para {r}.",
            "Reúne los permisos que el área de {d} necesita a diario.",
            "Acceso de lectura y escritura a {f} para el área de {d}.",
        ),
        (
            "El propietario lo revisa cada trimestre.",
            "No debe combinarse con permisos de aprobación.",
            "Se asigna automáticamente el primer día de trabajo.",
            "La formación anual es obligatoria.",
        ),
        " ",
    ),
    "ja": (
        (
            "{d}部門の{f}担当者向けの標準アクセス権です。",
            "{r}における{f}業務に必要な権限をまとめたロールです。",
            "{d}部門が日常業務で使用する読み取りと書き込みの権限です。",
        ),
        (
            "所有者が四半期ごとに見直します。",
            "承認権限と併用しないでください。",
            "入社初日に自動的に付与されます。",
            "年次研修の受講が必要です。",
        ),
        "",
    ),
    "ru": (
        (
            "Базовый доступ к {f} для региона {r}.",
            "Содержит права, необходимые отделу «{d}» для ежедневной работы.",
            "Чтение и запись в {f} для отдела «{d}».",
        ),
        (
            "Владелец проверяет состав каждый квартал.",
            "Не сочетать с правами утверждения.",
            "Назначается автоматически в первый рабочий день.",
            "Требуется ежегодное обучение.",
        ),
        " ",
    ),
}

_ENTITLEMENTS: tuple[str, ...] = (
    "Allows to {a} in {f} on {s}.",
    "{s}: {f}, permission to {a}.",
    "Needed to {a} records of {f}.",
    "Berechtigung für {f} in {s}.",
    "Erlaubt den Zugriff auf {f}; Vergabe nur über genehmigte Rollen.",
    "Donne accès à {f} dans {s}.",
    "Permite el acceso a {f} en {s}.",
)


def role_description(
    dice: Dice, department: Department, function: Function, level: str, region: str, language: str
) -> str | None:
    """A description in that language; now and then none at all (null or empty)."""
    luck = dice.random()
    if luck < 0.08:
        return None if luck < 0.05 else ""
    openings, sequels, gap = _ROLES[language]
    sentences = [dice.pick(openings).format(d=department.translations[language], f=function.name, l=level, r=region)]
    if luck > 0.55:
        sentences += dice.some(sequels, 2 if luck > 0.87 else 1)
    return gap.join(sentences)


def entitlement_description(dice: Dice, function: Function, action: str, system: str) -> str | None:
    """One sentence, mostly English; a tenth has none, as sources often deliver none."""
    if dice.random() < 0.1:
        return None
    return dice.pick(_ENTITLEMENTS).format(a=action.lower(), f=function.name, s=system)

"""`bulkwark demo`."""
import click


@click.command()
def demo() -> None:
    """Show the main job on a company of 20,000 roles."""

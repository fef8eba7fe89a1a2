"""One process's end of the ledger: what it may spend, what it has spent, and nothing lost in between."""

from ringmain.book.book import Book
from ringmain.book.folder import FolderLock, lock_folder
from ringmain.book.sweep import Swept, sweep

__all__ = ["Book", "FolderLock", "Swept", "lock_folder", "sweep"]

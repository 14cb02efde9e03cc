"""`python3 -m workbook COMMAND`. Must be readable by any Python 3, so that an old one can be told so in a
sentence.
"""

import sys

from workbook import bootstrap

if __name__ == "__main__":
    sys.exit(bootstrap.main(sys.argv[1:]))

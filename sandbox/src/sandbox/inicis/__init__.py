"""KG Inicis standard web and INIAPI, to korea.md 1.3. Stands in for the company: has its own books and notices."""

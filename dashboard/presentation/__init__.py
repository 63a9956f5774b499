"""What is said and drawn, without Streamlit: texts, sentences, tables, charts; for pages, reports and scripts alike."""
